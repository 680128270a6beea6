/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The subcommands of frt: one file each, argv[0] is the subcommand's name. Exit status, the same for all:
 *
 *     0  done; for check: would be let pass
 *     1  the answer is no: would be denied, table differs, trail altered
 *     2  trail cut short            (verify)
 *     3  trail has an unsealed tail (verify)
 *     4  wrong usage, unreadable input
 *     5  frtd does not answer
 *     6  trail broken and gone on by an administrator's word (verify)
 */
#ifndef FRT_CLI_COMMANDS_H
#define FRT_CLI_COMMANDS_H

#define FRT_EXIT_YES         0
#define FRT_EXIT_NO          1
#define FRT_EXIT_CUT         2
#define FRT_EXIT_UNSEALED    3
#define FRT_EXIT_USAGE       4
#define FRT_EXIT_UNREACHABLE 5

int frt_status_command(int argc, char **argv);
int frt_check_command(int argc, char **argv);
int frt_why_command(int argc, char **argv);
int frt_log_command(int argc, char **argv);
int frt_verify_command(int argc, char **argv);
int frt_policy_command(int argc, char **argv);
int frt_run_command(int argc, char **argv);
int frt_request_command(int argc, char **argv);
int frt_authority_command(int argc, char **argv);
int frt_eopss_command(int argc, char **argv);
int frt_explain_command(int argc, char **argv);
int frt_replay_command(int argc, char **argv);
int frt_ask_command(int argc, char **argv);
int frt_export_command(int argc, char **argv);
int frt_report_command(int argc, char **argv);
int frt_tools_command(int argc, char **argv);
int frt_scan_command(int argc, char **argv);
int frt_arrive_command(int argc, char **argv);
int frt_gate_command(int argc, char **argv);
int frt_ack_command(int argc, char **argv);

#endif
