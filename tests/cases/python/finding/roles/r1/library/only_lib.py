#!/bin/sh
echo "{\"changed\": false, \"me\": \"roleonlylib\"}"
