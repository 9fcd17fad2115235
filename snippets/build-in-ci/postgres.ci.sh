#!/bin/sh
# Build the image, and check what will be deployed: ./ci.sh ghcr.io/you/shop:commit
set -eu
image=${1:?name the image}
key=$(head -c 48 /dev/urandom | base64)
db=ci-db-$$

manage() {
    docker run --rm --network "$db" --env SECRET_KEY="$key" --env HTTPS=1 \
        --env ALLOWED_HOSTS=example.com \
        --env DATABASE_URL=postgres://postgres:test@db/postgres \
        "$image" python manage.py "$@"
}

# Take the layers that have not changed from the image of the last release.
docker build --tag "$image" --cache-from "${image%:*}:main" --cache-to type=inline .

trap 'docker rm --force --volumes "$db"; docker network rm "$db"' EXIT
docker network create "$db"
docker run --detach --name "$db" --network "$db" --network-alias db \
    --env POSTGRES_PASSWORD=test postgres:18
timeout 60 sh -c "until docker exec $db pg_isready --host 127.0.0.1; do sleep 1; done"

manage test
manage check --deploy --fail-level WARNING
manage makemigrations --check

# This guide's own check of an image.
(cd .guide && uv run pytest tests/contract.py --image "$image" \
    --env SECRET_KEY="$key" --env ALLOWED_HOSTS=127.0.0.1 \
    --env DATABASE_URL=sqlite:////tmp/db)

docker run --rm "$image" pip --no-cache-dir freeze > packages.txt
uvx --from cyclonedx-bom==7.5.0 cyclonedx-py requirements packages.txt \
    --output-file sbom.json
