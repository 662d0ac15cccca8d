#!/usr/bin/python3
"""Talks with a MariaDB or MySQL server as applications do, and prints what it asked: mysql_conversation.py HOST PORT USER PASSWORD

One JSON line a call: command, statement, and the result's kind, error code or count of rows. Needs Debian's python3-pymysql; with
the command-line client `mariadb` there is a compressed connection, too."""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import pymysql
from pymysql.constants import CLIENT, COMMAND

CALLS = []


def say(command, statement=None, **result):
    CALLS.append({"command": command, "sql": statement, **result})


def query(connection, statement):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else None
            if rows is None:
                say("query", statement, result="ok", affected_rows=cursor.rowcount)
            else:
                total = len(rows)
                while cursor.nextset():
                    total += len(cursor.fetchall())
                say("query", statement, result="resultset", rows=total)
    except pymysql.MySQLError as error:
        say("query", statement, result="error", error_code=error.args[0])


def prepared(connection, statement, parameter):
    """COM_STMT_PREPARE, EXECUTE and CLOSE, which pymysql knows as numbers alone."""
    def packet():
        return connection._read_packet()

    connection._execute_command(COMMAND.COM_STMT_PREPARE, statement)
    first = packet()._data
    number, columns, params = struct.unpack_from("<IHH", first, 1)
    for count in (params, columns):
        for _ in range(count + 1 if count else 0):
            packet()
    say("stmt_prepare", statement, result="ok")
    types = struct.pack("<BBHq", 0, 1, 8, parameter)
    connection._execute_command(COMMAND.COM_STMT_EXECUTE, struct.pack("<IBI", number, 0, 1) + types)
    rows, ends = 0, 0
    packet()
    while ends < 2:
        one = packet()
        if one.is_eof_packet():
            ends += 1
        elif ends == 1:
            rows += 1
    say("stmt_execute", statement, result="resultset", rows=rows)
    connection._execute_command(COMMAND.COM_STMT_CLOSE, struct.pack("<I", number))
    say("stmt_close")


def main():
    host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    try:
        pymysql.connect(host=host, port=port, user=user, password=password + "x")
    except pymysql.MySQLError as error:
        say("login", result="error", error_code=error.args[0])
    connection = pymysql.connect(host=host, port=port, user=user, password=password, autocommit=True, local_infile=True,
                                 client_flag=CLIENT.MULTI_STATEMENTS)
    say("login", result="ok")
    query(connection, "DROP DATABASE IF EXISTS shop_test")
    query(connection, "CREATE DATABASE shop_test")
    connection.select_db("shop_test")
    say("init_db", result="ok")
    query(connection, "CREATE TABLE items (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), price INT)")
    query(connection, "INSERT INTO items (name, price) VALUES ('tea', 3), ('coffee', 4), (NULL, 5)")
    query(connection, "SELECT * FROM items ORDER BY id")
    query(connection, "SELECT name FROM items WHERE id = 999")
    query(connection, "SELEC 1")
    query(connection, "SELECT * FROM nowhere")
    query(connection, "SELECT 1; SELECT 2 UNION SELECT 3; SELECT price FROM items")
    query(connection, "CREATE USER IF NOT EXISTS 'guest'@'%' IDENTIFIED BY 'swordfish'")
    query(connection, "DROP USER 'guest'@'%'")
    prepared(connection, "SELECT id, name FROM items WHERE price > ?", 3)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pathlib.Path("items.csv").write_text("milk\t1\nsugar\t2\n")
        query(connection, "LOAD DATA LOCAL INFILE 'items.csv' INTO TABLE items (name, price)")
        os.chdir("/")
    connection.ping(reconnect=False)
    say("ping", result="ok")
    query(connection, "SELECT REPEAT('x', 5000)")
    query(connection, "DROP DATABASE shop_test")
    connection.close()
    say("quit")
    if shutil.which("mariadb"):
        subprocess.run(["mariadb", "--no-defaults", "--compress", "-h", host, "-P", str(port), "-u", user, "-p" + password, "-e",
                        "SELECT REPEAT('y', 3000)"], check=True, stdout=subprocess.DEVNULL)
        say("login", result="ok")
        say("query", "SELECT REPEAT('y', 3000)", result="resultset", rows=1)
        say("quit")
    for call in CALLS:
        print(json.dumps(call))


if __name__ == "__main__":
    main()
