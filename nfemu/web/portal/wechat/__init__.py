"""The portal as a merchant of WeChat Pay: its requests signed, answers and notifications checked."""
