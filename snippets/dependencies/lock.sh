#!/bin/sh
uv init --bare
uv add --requirements requirements.txt
