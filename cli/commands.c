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
    &cli_ddl,
    &cli_kernel_describe,
    &cli_kernel_run,
    &cli_man,
    &cli_version,
    NULL,
};
