#!/bin/sh
echo "{\"changed\": false, \"me\": \"only_lib_py\"}"
