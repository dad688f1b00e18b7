/*
 * tocsin-map - the tactical map. A new sub-command is one line in this table.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"

static const struct command commands[] = {
    {"build", "make one PMTiles archive out of the site's files",
     "tocsin-map build -o OUT.pmtiles [OPTION]... [--layers FILE] [NAME:FILE ...]\n"
     "    Reads GeoJSON in all its forms, CSV with coordinates, OpenStreetMap PBF, and what GDAL\n"
     "    reads where ogr2ogr is installed. FILE may be a folder of files, or - for standard "
     "input.\n"
     "    NAME is the layer; several files may go into one.\n"
     "    --layers FILE    layers described by a file (INI); --explain lists its keys\n"
     "    --minzoom N, --maxzoom N   the zooms (0 and 14; 20 at most)\n"
     "    --keep-all       draw every feature at every zoom, however large a tile becomes\n"
     "    --private        it is for field units: neither published nor served openly\n"
     "    --tile-size N    bytes of a packed tile above which it is thinned (500000); never at "
     "the\n"
     "                     last zoom, where every feature is drawn\n"
     "    --id-attribute NAME  keep ids that are no whole numbers as this attribute\n"
     "    --simplify N     hundredths of a tile's step (1/4096) that a line may move (150)\n"
     "    --level N        of compression, 1 to 12 (6)\n"
     "    --memory N       MiB to work in (256); the rest goes to temporary files\n"
     "    --temporary DIR  where these are (the folder of OUT)\n"
     "    --threads N      that make tiles (one per processor)\n"
     "    --report FILE    write what became of every layer at every zoom, as JSON; - for "
     "standard\n"
     "                     output\n"
     "    --quiet          say nothing but errors\n",
     build_command},
    {"events", "take the site's events out of control's database, as an input of build",
     "tocsin-map events -o OUT.geojsonl --database control.db --places PLACES.csv [--since TIME]\n"
     "    Reads beside a running control; its key is in TOCSIN_DATABASE_KEY. PLACES has the "
     "columns\n"
     "    name, longitude and latitude; a name is that of a device, or device/camera. The file is\n"
     "    exact and for the site only: anonymise it before it leaves.\n",
     events_command},
    {"anonymise", "make cells that may leave the site out of its incidents",
     "tocsin-map anonymise -o OUT.geojson [OPTION]... INCIDENTS ...\n"
     "    Reads incidents in every format of build. OUT is an input of build.\n"
     "    --rules FILE     the categories that may leave, the columns, stricter limits (INI)\n"
     "    --set KEY=VALUE  one of these, such as rule.premises=8; --explain lists all\n"
     "    --addresses FILE points, one an address: cells with few of them are not shown\n"
     "    --previous FILE  the release before: its periods are taken over as they are (OUT, when "
     "it\n"
     "                     is there)\n"
     "    --fresh          make all periods anew, whatever is at OUT. Whoever has the release "
     "before\n"
     "                     can then compare the two\n"
     "    --now TIME       instead of the clock's, RFC 3339: periods count when they are over\n"
     "    --memory N       MiB to sort in (64); the rest goes to temporary files\n"
     "    --temporary DIR  where these are (the folder of OUT)\n"
     "    --report FILE    write what was left out and why, as JSON; - for standard output\n"
     "    --quiet          say nothing but errors\n",
     anonymise_command},
    {"verify", "say whether an archive is whole and valid",
     "tocsin-map verify FILE\n"
     "    Exit status 0: it is. 1: it is not, and why.\n",
     verify_command},
    {"inspect", "show what an archive, or a tile of it, contains",
     "tocsin-map inspect FILE [ZOOM/X/Y]\n"
     "    The header and metadata as JSON, or the tile's features as GeoJSON, one a line.\n",
     inspect_command},
    {"serve", "serve archives by byte range and by tile",
     "tocsin-map serve --config FILE [--set KEY=VALUE]...\n"
     "    --explain lists the keys, --check reads the file and stops.\n"
     "    TOCSIN_MAP_TOKEN in the environment: the bearer token of private archives.\n",
     serve_command},
    {"publish", "publish an archive to an S3 store",
     "tocsin-map publish [FILE] --config FILE [--set KEY=VALUE]...\n"
     "    --explain lists the keys. Credentials come from the environment only:\n"
     "    TOCSIN_S3_KEY_ID, TOCSIN_S3_KEY, and TOCSIN_CDN_TOKEN where there is a CDN.\n"
     "    Prints a report as JSON. Exit status 3: published, but the CDN could not be told.\n",
     publish_command},
    {"rollback", "make an earlier release the map again",
     "tocsin-map rollback [SHA256] --config FILE [--set KEY=VALUE]...\n"
     "    To the release before the current one, or to that whose hash begins so.\n",
     rollback_command},
    {"watch", "build and publish when inputs or the day change",
     "tocsin-map watch --config FILE [--set KEY=VALUE]...\n"
     "    Runs the [step NAME] commands, then publish; one run at a time.\n",
     watch_command},
};

int command_failed(const char *command, enum err err, const struct why *why)
{
    (void)fprintf(stderr, "tocsin-map %s: %s\n", command, why->text);
    return err == ERR_RANGE ? COMMAND_MISUSED : COMMAND_FAILED;
}

enum err command_number(const char *argument, const char *text, const long range[2], long *number,
                        struct why *why)
{
    char *end = NULL;
    errno = 0;
    *number = text ? strtol(text, &end, 10) : 0;
    if (!text || errno || end == text || *end || *number < range[0] || *number > range[1]) {
        return why_set(why, ERR_RANGE, "%s takes a whole number from %ld to %ld", argument,
                       range[0], range[1]);
    }
    return OK;
}

int main(int argc, char *argv[])
{
    if (sodium_init() < 0) { return COMMAND_FAILED; }
    static const struct command_table table = {"tocsin-map", commands, ARRAY_LEN(commands)};
    return command_run(&table, argc, argv);
}
