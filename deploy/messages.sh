#!/usr/bin/env bash
# Collects the texts of every app into its own Italian catalogue, what stands outside the apps (addresses, settings) into
# citylab/locale, and compiles them. A changed text loses its translation rather than keep a guess. Needs gettext.
set -euo pipefail
cd "$(dirname "$0")/.."
for room in citylab $(dirname citylab/*/apps.py search/apps.py cms/apps.py); do
  catalogue=$room/locale/it/LC_MESSAGES/django.po
  [ -s "$catalogue" ] && continue
  mkdir -p "$(dirname "$catalogue")"
  cat > "$catalogue" <<HEADER
# Italian texts of ${room//\//.}.
msgid ""
msgstr ""
"Project-Id-Version: Torino City Lab\n"
"Language: it\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
HEADER
done
.venv/bin/python manage.py makemessages -l it --no-location --no-wrap --no-obsolete -i tests -i var -i deploy -v0
for catalogue in {citylab,citylab/*,search,cms}/locale/it/LC_MESSAGES/django.po; do
  msgattrib --clear-fuzzy --empty --clear-previous --no-wrap "$catalogue" | sed '/^"POT-Creation-Date\|^"Report-Msgid-Bugs-To/d' > "$catalogue.new"
  mv "$catalogue.new" "$catalogue"
  if [ -s "$catalogue" ]; then
    msgfmt --check-format --check-domain -o "${catalogue%.po}.mo" "$catalogue"
  else # an app without texts
    rm -r "${catalogue%/it/*}"
  fi
done
