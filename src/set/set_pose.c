/* SPDX-License-Identifier: MIT */
/* Poses, which are read when somebody asks for them. */
#include "set/set_private.h"

/* Opens /pose if it is what the format says, else -1; the caller closes it. */
static hid_t open_pose(const struct ev_set *set)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    struct ev_error ignored = EV_ERROR_INIT;
    hid_t pose;
    int rank;

    if (ev_set_open_dataset(set, "pose", &pose, &rank, extent, &ignored) != EV_OK)
        return -1;
    hid_t type = H5Dget_type(pose);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    bool fits = (class == H5T_FLOAT || class == H5T_INTEGER) && rank == 2 &&
                (int64_t)extent[0] == set->info.n_rows && extent[1] == EV_POSE_COLUMNS &&
                ev_set_check_written(set, "pose", pose, &ignored) == EV_OK;
    if (type >= 0)
        H5Tclose(type);
    if (fits)
        return pose;
    H5Dclose(pose);
    return -1;
}

bool ev_set_has_pose(const struct ev_set *set)
{
    hid_t pose = open_pose(set);

    if (pose < 0)
        return false;
    H5Dclose(pose);
    return true;
}

enum ev_status ev_set_read_pose(struct ev_set *set, int64_t first, int64_t n, double *pose,
                                struct ev_error *err)
{
    hid_t dataset = open_pose(set);

    if (dataset < 0)
        return ev_fail(err, EV_INPUT, "%s: no usable dataset /pose", set->path);
    bool ok = ev_set_transfer(dataset, H5T_NATIVE_DOUBLE, first, n, pose, false);
    H5Dclose(dataset);
    return ok ? EV_OK
              : ev_fail(err, EV_INPUT, "%s: /pose rows %lld to %lld cannot be read: damaged",
                        set->path, (long long)first, (long long)(first + n - 1));
}
