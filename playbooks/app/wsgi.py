"""What a WSGI server loads: `wsgi:application`."""

from app import create_app

application = create_app()
