//! Temporary.
pub(crate) async fn run(_: &crate::cli::DemoArgs, _: &mut crate::cli::Out) -> Result<(), crate::cli::Failure> {
    Ok(())
}
