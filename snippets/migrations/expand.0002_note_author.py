"""Add a column that old code need not know: the database fills it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand: the release that no longer needs the old columns contracts."""

    dependencies = (("core", "0001_initial"),)
    operations = (
        migrations.AddField(
            "note",
            "author",
            models.TextField(db_default=""),
        ),
    )
