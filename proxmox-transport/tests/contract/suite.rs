//! The table of all cases. A case that is not in it is an unused function, which the compiler reports.

/// Makes the tests of one backend: the function of that name in `crate::backend` runs a case.
macro_rules! suite {
    ($backend:ident) => {
        mod $backend {
            $crate::contract::suite::topics!($backend);
        }
    };
}
pub(crate) use suite;

macro_rules! topic {
    ($backend:ident $topic:ident: $($case:ident)*) => {
        mod $topic {
            $(
                #[test]
                fn $case() {
                    crate::backend::$backend(|world| Box::pin(crate::contract::$topic::$case(world)));
                }
            )*
        }
    };
}
pub(crate) use topic;

macro_rules! topics {
    ($backend:ident) => {
        use $crate::contract::suite::topic;
        topic!($backend version:
            names_itself
            is_one_request
        );
        topic!($backend errors:
            a_missing_guest_is_not_found
            a_write_to_a_missing_guest_is_not_sent
            a_clone_of_a_missing_guest_is_not_found
            an_unknown_path_is_unsupported
            an_unknown_node_is_not_found
            a_node_that_is_down_is_unreachable
            a_missing_privilege_is_named
            without_privileges_lists_are_empty
            a_wrong_secret_is_unauthenticated
            only_root_itself_may_set_some_keys
            wrong_parameters_are_named
        );
        topic!($backend foresight:
            preflight_tells_all_that_is_missing
            what_is_feasible_is_done
            a_plan_is_what_is_sent
            a_plan_stops_where_something_has_changed
        );
        topic!($backend telemetry:
            of_a_guest
            of_a_node
            histories_have_times
        );
        topic!($backend config:
            is_read_as_it_is
            is_changed_by_what_differs
            a_stale_digest_is_a_conflict
            every_character_arrives
            tags_become_pves_own_form
            an_empty_change_is_not_sent
            a_lock_is_told
            what_waits_for_a_restart_is_pending
            a_disk_grows
            a_disk_does_not_shrink
            a_disk_that_is_not_there_does_not_grow
        );
        topic!($backend container:
            is_made_as_described
            lives_its_life
            is_ensured_both_ways_and_once
            a_static_address_is_known_before_it_runs
            another_address_is_waited_for
            is_changed_and_grows
            goes_back_to_a_snapshot
            is_cloned_once
            a_template_does_not_start
            nothing_is_done_to_one_that_is_not_ours
            a_protected_one_is_not_deleted
            what_cannot_be_made_is_told
            a_program_runs_in_it
            every_byte_goes_in_and_comes_out
            a_file_belongs_to_whom_it_should
            what_cannot_be_run_or_found_is_told
            nothing_gets_into_one_that_is_off
            nothing_gets_into_one_that_is_not_ours
            a_program_that_goes_on_is_a_timeout
        );
        topic!($backend create:
            makes_what_was_described
            a_taken_number_is_an_error
            a_restore_over_an_unmanaged_guest_is_refused
            a_wrong_parameter_is_named
            may_start_at_once
            a_template_does_not_start
            what_runs_is_no_template
        );
        topic!($backend clone:
            a_full_one_is_new
            a_linked_one_shares_the_disk
            a_vm_has_no_linked_clones
            may_be_repeated
            one_left_half_done_is_finished
            a_foreign_guest_is_never_adopted
            our_own_under_another_name_is_foreign
            our_own_of_another_source_is_foreign
            inherited_tags_are_kept
            automatic_numbers_are_unique
            a_number_lost_to_somebody_else_is_replaced
            one_still_at_work_is_locked
            a_failed_task_tells_why
            may_be_on_another_node
            of_a_snapshot
            may_join_a_pool
        );
        topic!($backend power:
            starts_and_stops
            a_start_may_be_left_alone
            a_second_start_fails_in_its_task
            shuts_down
            a_stubborn_guest_runs_on_or_is_stopped
            reboots_and_resets
            suspends_and_resumes
            is_ensured_both_ways_and_once
            a_paused_guest_is_ensured_too
            a_wait_may_be_bounded
            telemetry_is_typed
        );
        topic!($backend delete:
            what_is_there_is_gone
            what_is_absent_is_a_result
            a_second_delete_is_a_result
            on_an_unknown_node_nothing_is_absent
            what_runs_is_in_the_wrong_state
            what_is_protected_stays
            pve_itself_protects_what_is_forced
            a_protected_guest_is_not_even_stopped
            a_base_of_linked_clones_stays
        );
        topic!($backend agent:
            answers_a_ping
            that_is_not_configured_is_told
            that_does_not_run_is_told
            of_a_guest_that_is_off_is_a_wrong_state
            runs_a_command
            a_failing_command_is_a_result
            exit_code_and_both_outputs_come_back
            a_program_that_is_not_there_leaves_doubts
            a_command_reads_its_input
            a_command_that_goes_on_is_a_timeout
            interfaces_have_their_addresses
            the_system_is_named
            files_are_written_and_read
            a_file_that_is_not_there_is_told
        );
        topic!($backend wait_for_ip:
            finds_the_first_usable_one
            tells_what_it_saw
            a_guest_that_is_off_ends_it
            without_an_agent_it_says_so
            a_fresh_clone_gets_one
        );
        topic!($backend cloud_init:
            values_are_set_and_the_drive_made_anew
            only_what_is_set_is_changed
            without_a_drive_nothing_is_sent
            a_drive_is_attached_when_asked_for
            nothing_to_set_is_an_error
        );
        topic!($backend snapshot:
            is_gone_back_to
            a_guest_that_runs_is_stopped_by_going_back
            what_cannot_be_done_is_told
        );
        topic!($backend task:
            a_good_end
            a_bad_end_carries_its_log
            warnings_are_an_end_of_their_own
            may_be_stopped
            a_log_is_paged_and_its_end_is_found
            progress_is_told_line_by_line
            passing_troubles_are_borne
            is_asked_for_where_it_runs
            an_unknown_one_is_not_found
            the_node_lists_its_last_ones
        );
        topic!($backend node:
            its_state
            its_storages
            what_lies_on_a_storage
            its_bridges
            vnets
            its_disks
            disks_without_the_privilege_are_a_note
            another_node
        );
        topic!($backend volume:
            is_put_there_and_taken_away
            replaces_one_of_its_name
            what_arrives_is_what_was_meant
            of_any_bytes
            a_lost_answer_is_not_sent_again
            may_be_fetched
            what_cannot_be_fetched_is_told
            what_is_refused_is_not_sent
            needs_a_privilege
            of_a_guest_stays
        );
        topic!($backend cluster:
            all_vms_come_in_one_request
            a_row_says_what_the_status_says
            nodes_and_resources
            guests_are_found_by_number_and_name
            an_ambiguous_name_is_told
            the_next_number_is_free
            a_guest_of_another_node_is_found_there
        );
        topic!($backend gate:
            an_unmanaged_guest_is_left_alone
            raw_writes_are_gated_too
            a_disk_of_another_guest_is_not_taken
            force_opens_the_gate_of_the_guest_it_names
            production_may_be_started_and_not_stopped
            what_protects_is_not_taken_away
            the_tag_is_a_matter_of_policy
            what_cannot_be_read_is_refused
            requests_that_reach_many_are_refused
            a_change_between_look_and_write_is_noticed
        );
        topic!($backend raw:
            reads_come_as_pve_sent_them
            writes_take_effect
            an_answer_of_another_form_is_a_decode_error
            what_is_printed_is_what_is_sent
        );
        topic!($backend batch:
            each_answer_is_that_of_a_single_request
            reads_of_one_node_are_one_round_trip
            typed_calls_travel_together_too
            the_gate_looks_at_each_write
            writes_travel_together_only_when_asked_for
            changes_of_one_guest_are_made_in_order
            tasks_are_started_and_not_waited_for
            a_batch_of_a_callers_own_making_does_not_pass
        );
        topic!($backend bad_input:
            references
            paths
            parameters
            operations
            secrets_are_never_repeated
        );
    };
}
pub(crate) use topics;
