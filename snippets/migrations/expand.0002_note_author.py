"""Expand: add a column that old code does not know; the database fills it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Give the column a default in the database, because old code sets no value."""

    dependencies = (("core", "0001_initial"),)
    operations = (
        migrations.AddField(
            "note",
            "author",
            models.TextField(db_default=""),
        ),
    )
