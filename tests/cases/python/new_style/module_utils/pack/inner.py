from .other import WORD


def deep():
    return WORD
