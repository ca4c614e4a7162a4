#!/bin/sh
echo '{"changed": false, "msg": "of the collection"}'
