# `just` lists these; `uv run` makes the environment.

# the demo: sandbox, watch and web in one go
demo *args:
    uv run manage.py demo {{args}}

# all tests
test *args:
    uv run pytest {{args}}

# style, types, import contracts
lint:
    .ci/lint

# rewrite what the formatter can
fix:
    uv run ruff check --fix . && uv run ruff format .

# the README's picture, from the running product
screenshot:
    uv run manage.py screenshot

# ten minutes of hostile requests against the sandbox
fuzz seconds="600":
    SANDBOX_FUZZ_SECONDS={{seconds}} uv run pytest tests/sandbox/test_fuzz.py

# a thousand faults by a seed, from the API server to the board and to several web processes
chaos faults="1000" seed="":
    CHAOS_FAULTS={{faults}} CHAOS_SEED={{seed}} uv run pytest -n 0 -s tests/faults/test_chaos.py tests/faults/test_many.py
