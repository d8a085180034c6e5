/* SPDX-License-Identifier: MIT */
/* evalrun verify: are the figures in a folder of results what its samples give? */
#include <stdio.h>

#include "base/text.h"
#include "cli/command.h"
#include "report/report_verify.h"

static const struct ev_option options[] = {{0}};

static void print_lines(char *const *lines, size_t n, const char *before)
{
    char line[8192];

    for (size_t i = 0; i < n; i++) {
        ev_text_clean(lines[i], line, sizeof line);
        printf("%s%s\n", before, line);
    }
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_report_findings findings;
    char files[64], figures[64], count[64];
    enum ev_status status = ev_report_verify(operands[0], &findings, err);

    (void)n_operands;
    if (status != EV_OK)
        return status;
    print_lines(findings.mismatches, findings.n_mismatches, "");
    print_lines(findings.notes, findings.n_notes, "note: ");
    ev_text_count(findings.n_files, "file", files);
    ev_text_count(findings.n_figures, "figure", figures);
    if (findings.n_mismatches == 0)
        printf("%s checked, %s recomputed, all equal\n", files, figures);
    else
        status =
            ev_fail(err, EV_FAILED, "%s: %s checked, %s recomputed, %s mismatch%s", operands[0],
                    files, figures, ev_text_count((int64_t)findings.n_mismatches, NULL, count),
                    findings.n_mismatches == 1 ? "" : "es");
    ev_report_findings_free(&findings);
    return status;
}

const struct ev_command ev_cmd_verify = {
    .name = "verify",
    .summary = "recompute a folder of results from its samples",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "Checks all digests in SHA256SUMS, models and sets at the paths that they had\n"
             "when they were evaluated, every figure of results.json against samples.h5, and\n"
             "every table against results.json. Each mismatch is one line; exit code 1 if\n"
             "there is any.\n"
             "\n"
             "Example:\n"
             "  evalrun verify results/latest\n",
    .options = options,
    .run = run,
};
