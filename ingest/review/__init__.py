"""What a person asks after a load: quarantine, withdrawal, status."""
