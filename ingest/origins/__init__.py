"""Where files come from: folders, S3, SFTP, databases."""
