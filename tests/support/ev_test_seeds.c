/* SPDX-License-Identifier: MIT */
/* Writes the seeds: some with the program's own writer, others as other tools write them. */
#include "support/ev_test_seeds.h"

#include <stdio.h>
#include <string.h>

#include <hdf5.h>

#include "support/ev_test.h"
#include "support/ev_test_set.h"

enum { OWN_BLOCK, OWN_CHUNKS, OWN_DEFLATED, OWN_TREE, SHUFFLED, HALVES, CHECKED, SCALED, COMPACT };
enum { LINKED = COMPACT + 1, OUTSIDE, LATEST, LATEST_GROWING };

const struct ev_test_seed ev_test_seeds[EV_TEST_N_SEEDS] = {
    [OWN_BLOCK] = {"own-block", EV_SET_LAYOUT_NHWC, false},
    [OWN_CHUNKS] = {"own-chunks", EV_SET_LAYOUT_NHWC, false},
    [OWN_DEFLATED] = {"own-deflated", EV_SET_LAYOUT_NHWC, false},
    [OWN_TREE] = {"own-tree", EV_SET_LAYOUT_NHWC, false}, /* of chunks, with two levels */
    [SHUFFLED] = {"shuffled", EV_SET_LAYOUT_NHWC, false},
    [HALVES] = {"halves", EV_SET_LAYOUT_NCHW, false},
    [CHECKED] = {"checked", EV_SET_LAYOUT_NHWC, false}, /* read by HDF5, as the next three */
    [SCALED] = {"scaled", EV_SET_LAYOUT_NHWC, false},
    [COMPACT] = {"compact", EV_SET_LAYOUT_NHWC, false},
    [LINKED] = {"linked", EV_SET_LAYOUT_NHWC, true},
    [OUTSIDE] = {"outside", EV_SET_LAYOUT_NHWC, true},
    [LATEST] = {"latest", EV_SET_LAYOUT_NHWC, false}, /* structures of HDF5 1.10 */
    [LATEST_GROWING] = {"latest-growing", EV_SET_LAYOUT_NHWC, false},
};

enum { N_ROWS = 10, HEIGHT = 2, WIDTH = 3, CHANNELS = 3, N_VALUES = HEIGHT * WIDTH * CHANNELS };

static void write_own(int seed, const char *path)
{
    struct ev_set_spec spec =
        ev_test_set_spec(seed == OWN_TREE ? 150 : N_ROWS, HEIGHT, WIDTH, CHANNELS, 2);

    spec.with_pose = seed == OWN_CHUNKS;
    spec.chunk_rows = seed == OWN_BLOCK ? 0 : seed == OWN_TREE ? 1 : 4;
    spec.deflate_level = seed == OWN_DEFLATED ? 6 : 0;
    ev_test_write_spec(path, &spec);
}

static hid_t type_of(int seed)
{
    hid_t type = H5Tcopy(seed == CHECKED  ? H5T_IEEE_F64BE
                         : seed == HALVES ? H5T_IEEE_F32LE
                                          : H5T_STD_U8LE);

    if (seed == SHUFFLED)
        H5Tset_size(type, 1); /* bytes too may be shuffled, to no effect */
    if (seed == HALVES) {
        H5Tset_fields(type, 15, 10, 5, 0, 10);
        H5Tset_size(type, 2);
        H5Tset_ebias(type, 15);
    }
    return type;
}

static hid_t storage_of(int seed, const hsize_t *extent)
{
    hsize_t chunk[4] = {3, extent[1], extent[2], extent[3]};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);

    H5Pset_obj_track_times(plist, 0);
    if (seed == COMPACT)
        H5Pset_layout(plist, H5D_COMPACT);
    if (seed == OUTSIDE)
        H5Pset_external(plist, ev_test_path("other"), 0, N_ROWS * N_VALUES);
    if (seed == CHECKED)
        chunk[2] = 2;
    if (seed != COMPACT && seed != OUTSIDE && seed != LINKED)
        H5Pset_chunk(plist, 4, chunk);
    if (seed == SHUFFLED || seed == HALVES)
        H5Pset_shuffle(plist);
    if (seed == SCALED)
        H5Pset_scaleoffset(plist, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT);
    if (seed == SHUFFLED || seed == LATEST)
        H5Pset_deflate(plist, 6);
    if (seed == CHECKED)
        H5Pset_fletcher32(plist);
    return plist;
}

static void write_images(int seed, hid_t file, const char *name)
{
    hsize_t extent[4] = {N_ROWS, HEIGHT, WIDTH, CHANNELS}, most[4];
    double values[N_ROWS * N_VALUES];

    if (ev_test_seeds[seed].layout == EV_SET_LAYOUT_NCHW)
        memcpy(extent, (hsize_t[4]){N_ROWS, CHANNELS, HEIGHT, WIDTH}, sizeof extent);
    memcpy(most, extent, sizeof most);
    if (seed == LATEST_GROWING)
        most[0] = H5S_UNLIMITED;
    for (int i = 0; i < N_ROWS * N_VALUES; i++)
        values[i] = ev_test_pixel(i / N_VALUES, (size_t)(i % N_VALUES));
    hid_t type = type_of(seed), plist = storage_of(seed, extent);
    hid_t space = H5Screate_simple(4, extent, most);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    ck_assert_int_ge(dataset, 0);
    ck_assert_int_ge(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                     0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(plist);
    H5Tclose(type);
}

static void put_attribute(hid_t object, const char *name, hid_t type, const void *data)
{
    const hsize_t extent = 2;
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);

    ck_assert_int_ge(H5Awrite(attribute, type, data), 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

/* Labels with texts of fixed length and a range. */
static void write_labels(hid_t file)
{
    const hsize_t extent[2] = {N_ROWS, 2};
    const double low[2] = {-1, -2}, high[2] = {100, 200};
    int16_t labels[N_ROWS * 2];
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, extent, NULL);
    hid_t text = H5Tcopy(H5T_C_S1);

    for (int i = 0; i < N_ROWS * 2; i++)
        labels[i] = (int16_t)i;
    H5Pset_obj_track_times(plist, 0);
    H5Tset_size(text, 4);
    hid_t dataset =
        H5Dcreate2(file, "labels", H5T_STD_I16BE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    ck_assert_int_ge(H5Dwrite(dataset, H5T_NATIVE_INT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels), 0);
    put_attribute(dataset, "names", text, "v\0\0\0wabc");
    put_attribute(dataset, "min", H5T_NATIVE_DOUBLE, low);
    put_attribute(dataset, "max", H5T_NATIVE_DOUBLE, high);
    H5Dclose(dataset);
    H5Tclose(text);
    H5Sclose(space);
    H5Pclose(plist);
}

static void write_foreign(int seed, const char *path)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);

    if (seed == LATEST || seed == LATEST_GROWING)
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    ck_assert_int_ge(file, 0);
    if (seed == LINKED) {
        hid_t other = H5Fcreate(ev_test_path("other"), H5F_ACC_TRUNC, H5P_DEFAULT, access);
        write_images(seed, other, "pictures");
        H5Fclose(other);
        H5Lcreate_external("other", "/pictures", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    } else if (seed == COMPACT) {
        write_images(seed, file, "pictures");
        H5Lcreate_soft("/pictures", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    } else {
        write_images(seed, file, "images");
    }
    write_labels(file);
    ck_assert_int_ge(H5Fclose(file), 0);
    H5Pclose(access);
}

const char *ev_test_write_seed(int i)
{
    char name[64];

    snprintf(name, sizeof name, "%s.h5", ev_test_seeds[i].name);
    const char *path = ev_test_path(name);
    if (i <= OWN_TREE)
        write_own(i, path);
    else
        write_foreign(i, path);
    return path;
}
