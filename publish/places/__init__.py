"""Places where published files are put: a folder, S3, SFTP. docs/exports.md describes them."""

from publish.places.opening import open_place as open_place
from publish.places.opening import variable_of as variable_of
from publish.places.place import Place as Place
from publish.places.place import PlaceError as PlaceError
