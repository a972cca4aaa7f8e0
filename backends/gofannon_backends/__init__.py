"""Reference backends for Gofannon's `DatabaseService`: one module per store, none loaded here.

Import the one that you want (`from gofannon_backends.memory import MemoryDatabaseService`);
its client library is loaded with it, and no other.
"""
