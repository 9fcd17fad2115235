"""Contract, first release: the code forgets a field, but the table keeps its column."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Let the database fill the column, because new code sets no value."""

    dependencies = (("core", "0002_note_author"),)
    operations = (
        migrations.AlterField(
            "note",
            "created",
            models.DateTimeField(db_default=Now()),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("note", "created")],
        ),
    )
