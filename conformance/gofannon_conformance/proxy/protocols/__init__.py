"""What the proxy knows of each wire protocol: HTTP, gRPC, PostgreSQL."""
