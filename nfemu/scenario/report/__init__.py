"""What came of scenarios: for people as text and as a page, for programs as JUnit XML."""
