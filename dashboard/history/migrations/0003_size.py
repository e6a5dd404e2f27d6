"""Indexes for a million episodes, and a count of them that need not be counted.

A workload's past and its kind's are read from an index alone; a namespace by itself, and what took long, have one of
their own; fights, which are few, a small one. Hops lose the index that a unique one makes superfluous.
"""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def take_time(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """Building an index of a million rows may take longer than a page may wait for its statement."""
    if editor.connection.vendor == "postgresql":
        editor.execute("SET LOCAL statement_timeout = 0")


def drop_spare_index(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """Remove the index of hops by episode alone, whatever it is called: SQLite would copy the table to alter it."""
    table = apps.get_model("history", "Hop")._meta.db_table
    with editor.connection.cursor() as cursor:
        found = editor.connection.introspection.get_constraints(cursor, table)
    for name, each in found.items():
        if each["columns"] == ["episode_id"] and each["index"] and not each["unique"]:
            editor.execute(f"DROP INDEX {editor.quote_name(name)}")


HOP_EPISODE = models.ForeignKey(
    db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="hops", to="history.episode"
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("history", "0002_hooks"),
    ]

    operations: ClassVar = [
        migrations.RunPython(take_time, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("upto", models.BigIntegerField(default=0)),
                ("ahead", models.BigIntegerField(default=0)),
                ("count", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_spare_index, migrations.RunPython.noop)],
            state_operations=[migrations.AlterField(model_name="hop", name="episode", field=HOP_EPISODE)],
        ),
        migrations.RemoveIndex(model_name="episode", name="episode_newest"),
        migrations.RemoveIndex(model_name="episode", name="episode_object"),
        migrations.RemoveIndex(model_name="episode", name="episode_namespace"),
        migrations.RemoveIndex(model_name="episode", name="episode_of"),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "-opened", "-id"], name="episode_newest"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "object", "-opened", "-id", "ended", "took"], name="episode_object"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "namespace", "-opened", "-id"], name="episode_namespace"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(
                fields=["cluster", "namespace", "kind", "-opened", "-id", "ended", "took"], name="episode_near"
            ),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(
                fields=["cluster", "-opened", "-id"], condition=models.Q(of="fight"), name="episode_fight"
            ),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "-took", "-opened"], name="episode_slow"),
        ),
    ]
