"""How a service opens its own database: engine, transactions, instants in UTC, migrations.

Knows no table of any service. SQLite and PostgreSQL take the same code.
"""
