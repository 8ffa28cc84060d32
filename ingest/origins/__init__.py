"""Where the bytes of files come from: folders, S3, SFTP, databases."""
