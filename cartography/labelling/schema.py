"""The tables of the store."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

projects = Table(
    "projects",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", DateTime, nullable=False),
    Column("settings", JSON, nullable=False),
    # The number of the last event: taking the next ones locks the row, so that events become
    # visible in the order of their numbers.
    Column("events", Integer, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("project", String(32), ForeignKey("projects.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("annotator", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("label", Integer),
    Column("previous", Integer),
    Column("target", Integer),
    Column("text", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("token", String(64), nullable=False),
    UniqueConstraint("project", "token"),
)
