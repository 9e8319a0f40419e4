"""Who answers which operation of the service."""
