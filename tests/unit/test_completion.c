/* SPDX-License-Identifier: MIT */
/* Texts that shells and roff would read otherwise than as they stand, and what words of arguments
 * stand for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/completion.h"
#include "cli/values.h"
#include "support/ev_test.h"

static const char *text;
static bool flag;

static const char *const choices[] = {"it's", "a\\b", "c:d", "e$f", "[g]", NULL};

static const struct ev_option options[] = {
    {"hard", 'x', EV_OPT_CHOICE, "NAME", &text, 0, 0,
     "it's [one] of: \"a\\b\", `c`, ^d ~e, --long (default: $f)", choices},
    {"dots", 0, EV_OPT_FLAG, NULL, &flag, 0, 0, "...and what follows", NULL},
    {0},
};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    (void)n_operands;
    (void)operands;
    (void)err;
    return EV_OK;
}

static const struct ev_command command = {
    .name = "some thing",
    .summary = "a colon: and back\\slash",
    .operands = "SET... DIR",
    .max_operands = 9,
    .notes = ".B is no request\n"
             "'nor is this\n"
             "\n"
             "a  b\n"
             ".c 'd'\n"
             "\n"
             "Example:\n"
             "  evalrun --it's \\\n"
             "      .more\n",
    .options = options,
    .run = run,
};
static const struct ev_command *const commands[] = {&command, NULL};

/* What a printer writes, malloc'ed. */
static char *printed(void (*print)(const struct ev_command *const *, FILE *))
{
    char *written = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&written, &n);

    ck_assert_ptr_nonnull(file);
    print(commands, file);
    ck_assert_int_eq(fclose(file), 0);
    return written;
}

static const struct {
    void (*print)(const struct ev_command *const *, FILE *);
    const char *expected;
} escapes[] = {
    {ev_completion_bash, "[--hard]='names it'\\''s a\\b c:d e$f [g]' [-x]='names it'\\''s "},
    {ev_completion_bash, "operands=('files.h5.hdf5 simple "},
    {ev_completion_bash, " nurburgring' 'folders')\n        most=9\n"},
    {ev_completion_zsh, "    'some thing:a colon\\: and back\\\\slash'\n"},
    {ev_completion_zsh,
     "'(-x --hard)'{-x,--hard=}'[it'\\''s \\[one\\] of\\: \"a\\\\b\", `c`, ^d ~e, --long "
     "(default\\: $f)]:NAME: _evalrun_offer names it\\'\\''s a\\\\b c\\:d e\\$f "
     "\\[g\\]' \\\n"},
    {ev_completion_zsh, "'--dots[...and what follows]' \\\n"},
    {ev_completion_zsh, "'*:SET: _evalrun_offer files.h5.hdf5 simple "},
    {ev_man_print, "\nit\\(aqs [one] of: \\(dqa\\(rsb\\(dq, \\fBc\\fR, \\(had"},
    {ev_man_print, "\n\\-\\-long (default: $f)\n"},
    {ev_man_print, ".fi\n.PP\nA colon: and back\\(rsslash.\n"},
    {ev_man_print, "\n\\&...and what follows\n"},
    {ev_man_print, ".PP\n\\&.B is no request \\(aqnor is this\n"},
    {ev_man_print, ".EX\na  b\n\\&.c \\(aqd\\(aq\n.EE\n"},
    {ev_man_print, ".EX\nevalrun \\-\\-it\\(aqs \\(rs\n    .more\n.EE\n"},
    {ev_man_print, "\\fBevalrun some thing\\fR \\fISET... DIR\\fR [\\fIOPTIONS\\fR]\n"},
};

START_TEST(nothing_is_read_as_syntax)
{
    char *written = printed(escapes[_i].print);

    ck_assert_msg(strstr(written, escapes[_i].expected) != NULL, "lacks\n%s\nin\n%s",
                  escapes[_i].expected, written);
    free(written);
}
END_TEST

/* bash itself reads the choices as they are in the table. */
START_TEST(bash_offers_what_the_table_says)
{
    static const char question[] =
        "\nCOMP_LINE='evalrun some thing -x '; COMP_POINT=${#COMP_LINE}\n"
        "COMP_WORDS=(evalrun some thing -x ''); COMP_CWORD=4\n"
        "_evalrun; printf '<%s>' \"${COMPREPLY[@]}\"\n";
    char *written = printed(ev_completion_bash);
    char line[4200], answer[128] = "";
    FILE *script = fopen(ev_test_path("script.bash"), "w");

    ck_assert_ptr_nonnull(script);
    fprintf(script, "%s%s", written, question);
    ck_assert_int_eq(fclose(script), 0);
    snprintf(line, sizeof line, "bash %s", ev_test_path("script.bash"));
    FILE *bash = popen(line, "r");
    ck_assert_ptr_nonnull(bash);
    ck_assert_ptr_nonnull(fgets(answer, sizeof answer, bash));
    ck_assert_int_eq(pclose(bash), 0);
    ck_assert_str_eq(answer, "<it's><a\\b><c:d><e$f><[g]>");
    free(written);
}
END_TEST

static const struct {
    const char *operands;
    struct ev_operand expected[3];
} operand_texts[] = {
    {"", {{"", false}}},
    {"DIR", {{"DIR", false}}},
    {"[CIRCUIT...]", {{"CIRCUIT", true}}},
    {"SET... DIR", {{"SET", true}, {"DIR", false}}},
};

START_TEST(operands_are_taken_apart)
{
    const char *at = operand_texts[_i].operands;
    struct ev_operand operand;
    int n = 0;

    for (; ev_operand_next(&at, &operand); n++) {
        ck_assert_str_eq(operand.word, operand_texts[_i].expected[n].word);
        ck_assert_int_eq(operand.repeats, operand_texts[_i].expected[n].repeats);
    }
    ck_assert_str_eq(operand_texts[_i].expected[n].word, "");
}
END_TEST

START_TEST(words_stand_for_values)
{
    struct ev_values values;

    ev_values_of_word("FILE", &values);
    ck_assert_str_eq(values.others, "files");
    ck_assert_uint_eq(values.n_names, 0);
    ev_values_of_word("SETS", &values);
    ck_assert(values.is_list);
    ck_assert_str_eq(values.names[0], "all");
    ev_values_of_word("N", &values);
    ck_assert_uint_eq(values.n_names, 0);
    ck_assert_ptr_null(values.others);
    ev_values_of_option(&options[0], &values);
    ck_assert_uint_eq(values.n_names, 5);
    ck_assert_ptr_null(values.others);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *ev_suite(void)
{
    Suite *suite = suite_create("completion");
    TCase *tests = tcase_create("completion");

    tcase_add_loop_test(tests, nothing_is_read_as_syntax, 0, COUNT(escapes));
    tcase_add_test(tests, bash_offers_what_the_table_says);
    tcase_add_loop_test(tests, operands_are_taken_apart, 0, COUNT(operand_texts));
    tcase_add_test(tests, words_stand_for_values);
    suite_add_tcase(suite, tests);
    return suite;
}
