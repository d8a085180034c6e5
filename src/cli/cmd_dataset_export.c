#include "cli/command.h"
static const struct ev_option options[] = {{0}};
static enum ev_status run(int n, char **o, struct ev_error *err) { (void)n; (void)o; (void)err; return EV_OK; }
const struct ev_command ev_cmd_dataset_export = {.name = "dataset export", .summary = "x", .operands = "", .options = options, .run = run};
