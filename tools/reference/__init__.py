"""The reference pages, the editors' schemas and the API's documents, all made from the code: `make reference`."""
