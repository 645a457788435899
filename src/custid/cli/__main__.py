"""`python -m custid.cli`, for where the console script is not on the path."""

from custid.cli import main

main()
