/* SPDX-License-Identifier: MIT */
/* Cores from cgroup quotas, in folders laid out as the kernel does; random numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/host.h"
#include "base/rng.h"
#include "support/ev_test.h"

static struct ev_error err;

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[700];

    snprintf(path, sizeof path, "%s/%s", ev_test_folder(), folder);
    ev_assert_ok(ev_file_make_folder(path, &err));
    snprintf(path, sizeof path, "%s/%s/%s", ev_test_folder(), folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static int32_t cores(const char *proc_cgroup)
{
    write_file("proc", "cgroup", proc_cgroup);
    return ev_host_cgroup_cores(ev_test_path("proc/cgroup"), ev_test_path("fs"));
}

START_TEST(quota_of_version_2)
{
    write_file("fs/a/b", "cpu.max", "max 100000\n");
    ck_assert_int_eq(cores("0::/a/b\n"), INT32_MAX);
    write_file("fs/a/b", "cpu.max", "150000 100000\n");
    ck_assert_int_eq(cores("0::/a/b\n"), 2);
    /* The quota of a group above counts too. */
    write_file("fs/a", "cpu.max", "50000 100000\n");
    ck_assert_int_eq(cores("0::/a/b\n"), 1);
    write_file("fs", "cpu.max", "300000 100000\n");
    ck_assert_int_eq(cores("0::/\n"), 3);
}
END_TEST

START_TEST(quota_of_version_1)
{
    write_file("fs/cpu,cpuacct/job", "cpu.cfs_quota_us", "-1\n");
    write_file("fs/cpu,cpuacct/job", "cpu.cfs_period_us", "100000\n");
    ck_assert_int_eq(cores("4:memory:/job\n3:cpu,cpuacct:/job\n"), INT32_MAX);
    write_file("fs/cpu,cpuacct/job", "cpu.cfs_quota_us", "250000\n");
    ck_assert_int_eq(cores("4:memory:/job\n3:cpu,cpuacct:/job\n"), 3);
    ck_assert_int_eq(cores("4:memory:/job\n3:cpuset:/job\n"), INT32_MAX);
}
END_TEST

START_TEST(nonsense_is_no_quota)
{
    ck_assert_int_eq(cores("what is this\n:\n0\n"), INT32_MAX);
    ck_assert_int_eq(ev_host_cgroup_cores("/no/such/file", "/no/such/folder"), INT32_MAX);
    ck_assert_int_ge(ev_host_cores(), 1);
}
END_TEST

START_TEST(description_is_filled)
{
    struct ev_host host;

    ev_host_describe(&host);
    ck_assert_str_ne(host.kernel, "");
    ck_assert_str_ne(host.cpu_model, "");
    ck_assert_int_gt(host.memory_bytes, 1 << 20);
}
END_TEST

START_TEST(random_numbers_depend_on_the_key_alone)
{
    struct ev_rng first = ev_rng_at(1, EV_RNG_TEST, 5), again = ev_rng_at(1, EV_RNG_TEST, 5);
    struct ev_rng others[] = {ev_rng_at(2, EV_RNG_TEST, 5), ev_rng_at(1, EV_RNG_SPLIT, 5),
                              ev_rng_at(1, EV_RNG_TEST, 6)};
    uint64_t value = ev_rng_u64(&first);

    ck_assert(value == ev_rng_u64(&again));
    for (int i = 0; i < 3; i++)
        ck_assert(value != ev_rng_u64(&others[i]));
}
END_TEST

START_TEST(random_numbers_have_their_distribution)
{
    enum { N = 100000 };
    double sum = 0, sum_sq = 0, normal = 0, normal_sq = 0;
    int64_t counts[7] = {0};

    for (int i = 0; i < N; i++) {
        struct ev_rng rng = ev_rng_at(3, EV_RNG_TEST, (uint64_t)i);
        double u = ev_rng_uniform(&rng), z = ev_rng_normal(&rng);
        ck_assert(u >= 0.0 && u < 1.0);
        sum += u;
        sum_sq += u * u;
        normal += z;
        normal_sq += z * z;
        counts[ev_rng_below(&rng, 7)]++;
    }
    /* Tolerances of five standard errors. */
    ck_assert_double_eq_tol(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
    ck_assert_double_eq_tol(sum_sq / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
    ck_assert_double_eq_tol(normal / N, 0.0, 5 / sqrt(N));
    ck_assert_double_eq_tol(normal_sq / N, 1.0, 5 * sqrt(2.0 / N));
    for (int i = 0; i < 7; i++)
        ck_assert_double_eq_tol((double)counts[i] / N, 1.0 / 7, 5 * sqrt(6.0 / 49 / N));
}
END_TEST

START_TEST(threads_that_cannot_be_started_are_told)
{

    ev_assert_ok(ev_host_check_threads(20, &err));
    /* Sanitizers need all of the address space. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct rlimit limit = {(rlim_t)4 << 30, (rlim_t)4 << 30};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ev_assert_fails(ev_host_check_threads(5000, &err), EV_MEMORY, "cannot start 5000 threads: ");
    ev_assert_ok(ev_host_check_threads(20, &err));
#endif
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("host");
    TCase *tests = tcase_create("host");

    tcase_add_test(tests, quota_of_version_2);
    tcase_add_test(tests, quota_of_version_1);
    tcase_add_test(tests, nonsense_is_no_quota);
    tcase_add_test(tests, description_is_filled);
    tcase_add_test(tests, threads_that_cannot_be_started_are_told);
    tcase_add_test(tests, random_numbers_depend_on_the_key_alone);
    tcase_add_test(tests, random_numbers_have_their_distribution);
    suite_add_tcase(suite, tests);
    return suite;
}
