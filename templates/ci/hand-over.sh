# Takes a script from stdin and goes on as that: no file of it can be changed in between, and `ps` shows this.
sw_text=
while IFS= read -r sw_line && [ "$sw_line" != '#end' ]; do
  sw_text="$sw_text$sw_line
"
done
[ "$sw_line" = '#end' ] && eval "$sw_text"
