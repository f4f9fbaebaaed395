"""The dialects, one record a file; the file is the registration, as is the folder of its schemas."""
