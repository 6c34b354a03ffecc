"""A made-up district that speaks the three source contracts on the wire.

Everything in here is invented: people, dossiers, documents, payments and the electronic identifiers of the units. It exists so
that the pipeline can be shown, tested and measured without touching one real record. Each record is a *history*, and a
reader sees the state of that history at the demo clock; `demo.history` explains this idea, on which everything else is built.
"""
