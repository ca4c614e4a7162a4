#!/bin/sh
echo out; exit $1
