//! Commands of the guest agent.

use proxmox_core::{Error, Result};

use super::command::Command;
use super::form::{Form, Input, Unread};
use crate::rpc::DomainRef;

/// virsh reads the command from its input, as it would from someone who types: a password in it is not for the host's process list.
pub(crate) fn agent_command(
    (domain, command, seconds, flags): (DomainRef, String, i32, u32),
) -> Result<Form<Option<String>>> {
    let said = Command::new("qemu-agent-command").domain(&domain);
    let said = match seconds {
        -2 => said.option("--block"),
        -1 => said,
        0 => said.option("--async"),
        seconds => said.with("--timeout", seconds),
    };
    let said = said.flags(flags, &[])?.with("--cmd", one_line(&command)?);
    let form = Form::new(said, move |output| {
        // Before it comes what would stand on the screen of one who types.
        let answer = output.lines().find(|line| line.starts_with('{')).map(str::to_owned);
        if answer.is_none() && seconds != 0 {
            return Err(Unread::Malformed("there is no answer of the agent".to_owned()));
        }
        Ok(answer)
    });
    Ok(form.with_input(Input::Commands))
}

/// JSON without anything that one who types could not: all in one line, of ASCII, without tabs.
fn one_line(command: &str) -> Result<String> {
    let bad = |e| Error::invalid("command", format!("command: a command of the agent is JSON: {e}"));
    let value: serde_json::Value = serde_json::from_str(command).map_err(bad)?;
    let mut line = String::new();
    for char in value.to_string().chars() {
        if char.is_ascii() && char != '\'' && char != '\x7f' {
            line.push(char);
        } else {
            // Only strings hold such characters.
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(command: &str, seconds: i32) -> Result<Form<Option<String>>> {
        let uuid = "c8025a57-4793-4637-a4ea-11dd8234eb57".parse().unwrap();
        let domain = DomainRef { name: "tiny".to_owned(), uuid, id: 1 };
        agent_command((domain, command.to_owned(), seconds, 0))
    }

    #[test]
    fn a_secret_is_read_from_the_input() {
        let form = form("{\"execute\": \"guest-ping\"}", 5).unwrap();
        assert!(form.input == Input::Commands);
        assert!(
            form.lines()[0].ends_with("--timeout 5 --cmd {\"execute\":\"guest-ping\"}"),
            "{:?}",
            form.lines()
        );
        assert!(!format!("{form:?}").contains("guest-ping"));
    }

    #[test]
    fn every_character_can_be_typed() {
        let value = serde_json::json!({"a": "it's\té\u{1f600}\\\n"});
        let line = one_line(&value.to_string()).unwrap();
        assert_eq!(line, r#"{"a":"it\u0027s\t\u00e9\ud83d\ude00\\\n"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
        assert!(one_line("no JSON").unwrap_err().errors().contains_key("command"));
    }

    #[test]
    fn the_answer_stands_behind_the_echo() {
        let echo = "virsh # \r<ut 5 '{\"execute\":\"guest-ping\"}'\n{\"return\":{}}\n\nvirsh # \n";
        let answer = |seconds, output| form("{}", seconds).unwrap().answer(output);
        assert_eq!(answer(5, echo).unwrap().as_deref(), Some("{\"return\":{}}"));
        assert!(answer(5, "virsh # x\nvirsh # \n").is_err());
        assert_eq!(answer(0, "virsh # x\n\nvirsh # \n").unwrap(), None);
    }
}
