"""Projects and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "projects",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("project", sa.String(32), sa.ForeignKey("projects.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("label", sa.Integer),
        sa.Column("previous", sa.Integer),
        sa.Column("target", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.UniqueConstraint("project", "token"),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("events")
    op.drop_table("projects")
