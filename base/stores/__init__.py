"""Stores of files on servers, S3 and SFTP: how they are addressed, reached and what fails there.

ingest reads files from them, publish puts files into them.
"""
