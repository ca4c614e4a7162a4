#!/bin/sh
echo "{\"changed\": false, \"me\": \"c1both\"}"
