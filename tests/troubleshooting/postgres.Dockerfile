FROM postgres:18
