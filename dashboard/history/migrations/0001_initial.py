"""The first tables."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("at", models.FloatField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Book",
            fields=[
                ("cluster", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("lost", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Episode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cluster", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=200)),
                ("object", models.CharField(max_length=700)),
                ("uid", models.CharField(max_length=253)),
                ("group", models.CharField(max_length=253)),
                ("kind", models.CharField(max_length=253)),
                ("namespace", models.CharField(max_length=253)),
                ("name", models.CharField(max_length=253)),
                ("of", models.CharField(max_length=16)),
                ("opened", models.FloatField()),
                ("closed", models.FloatField(null=True)),
                ("took", models.FloatField(null=True)),
                ("ended", models.CharField(max_length=16)),
                ("recovered", models.FloatField(null=True)),
                ("generation", models.BigIntegerField(null=True)),
                ("verdict", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=253)),
                ("cause", models.TextField()),
                ("by", models.CharField(max_length=253)),
                ("changes", models.JSONField(default=list)),
                ("supersedes", models.CharField(max_length=200)),
                ("superseded_by", models.CharField(max_length=200)),
                ("version", models.BigIntegerField()),
                ("told", models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name="Hop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=64)),
                ("at", models.FloatField()),
                ("took", models.FloatField()),
                ("object", models.CharField(max_length=700)),
                ("detail", models.TextField()),
            ],
            options={
                "ordering": ["place"],
            },
        ),
        migrations.CreateModel(
            name="Rollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cluster", models.CharField(max_length=100)),
                ("object", models.CharField(max_length=700)),
                ("day", models.DateField()),
                ("converged", models.PositiveIntegerField()),
                ("stalled", models.PositiveIntegerField()),
                ("superseded", models.PositiveIntegerField()),
                ("lost", models.PositiveIntegerField()),
                ("p50", models.FloatField(null=True)),
                ("p90", models.FloatField(null=True)),
                ("p95", models.FloatField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("cluster", models.CharField(max_length=100)),
                ("started", models.FloatField()),
                ("seen", models.FloatField()),
                ("told", models.BigIntegerField(default=0)),
                ("written", models.JSONField(default=list)),
                ("missing", models.BigIntegerField(default=0)),
                ("lost", models.BigIntegerField(default=0)),
                ("watches", models.BooleanField(default=False)),
                ("ended", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Edit",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("cluster", models.CharField(max_length=100)),
                ("at", models.FloatField()),
                ("object", models.CharField(max_length=700)),
                ("do", models.CharField(max_length=32)),
                ("changes", models.JSONField(default=list)),
                ("who", models.CharField(max_length=253)),
                ("remote", models.CharField(max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["cluster", "-at"], name="edit_newest"),
                    models.Index(fields=["cluster", "object", "-at"], name="edit_object"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Samples",
            fields=[
                (
                    "episode",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="samples",
                        serialize=False,
                        to="history.episode",
                    ),
                ),
                ("packed", models.BinaryField()),
                ("count", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "-opened", "-id", "took", "ended"], name="episode_newest"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "object", "-opened", "-id"], name="episode_object"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "namespace", "kind", "-opened", "-id"], name="episode_namespace"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "kind", "-opened", "-id"], name="episode_kind"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "name", "-opened", "-id"], name="episode_name"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "ended", "-opened", "-id"], name="episode_ended"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "by", "-opened", "-id"], name="episode_by"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["cluster", "of", "-opened", "-id"], name="episode_of"),
        ),
        migrations.AddIndex(
            model_name="episode",
            index=models.Index(fields=["closed"], name="episode_age"),
        ),
        migrations.AddConstraint(
            model_name="episode",
            constraint=models.UniqueConstraint(fields=("cluster", "key"), name="episode_key"),
        ),
        migrations.AddField(
            model_name="hop",
            name="episode",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="hops", to="history.episode"
            ),
        ),
        migrations.AddIndex(
            model_name="rollup",
            index=models.Index(fields=["day"], name="rollup_age"),
        ),
        migrations.AddConstraint(
            model_name="rollup",
            constraint=models.UniqueConstraint(fields=("cluster", "object", "day"), name="rollup_day"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["cluster", "seen"], name="run_seen"),
        ),
        migrations.AddConstraint(
            model_name="hop",
            constraint=models.UniqueConstraint(fields=("episode", "place"), name="hop_place"),
        ),
    ]
