#include <stddef.h>

#include "command.h"

const cli_command *const cli_commands[] = {
    &cli_emulator,
    &cli_topic_create,
    &cli_topic_list,
    &cli_topic_delete,
    &cli_sub_create,
    &cli_sub_list,
    &cli_sub_delete,
    &cli_publish,
    &cli_pull,
    &cli_cluster_up,
    &cli_cluster_start,
    &cli_cluster_stop,
    &cli_cluster_clean,
    &cli_cluster_ps,
    &cli_cluster_run,
    &cli_cluster_logs,
    &cli_cluster_doctor,
    &cli_cluster_supervise,
    &cli_ddl,
    &cli_kernel_check,
    &cli_kernel_describe,
    &cli_kernel_header,
    &cli_kernel_new,
    &cli_kernel_run,
    &cli_man,
    &cli_version,
    NULL,
};
