"""Contract, next release: no running code knows the column, so remove it."""

from django.db import migrations


class Migration(migrations.Migration):
    """Give up if the table is in use: later queries would wait behind this one."""

    dependencies = (("core", "0003_forget_created"),)
    operations = (
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'"),
        migrations.RunSQL("ALTER TABLE core_note DROP COLUMN created"),
    )
