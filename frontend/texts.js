// Every sentence of the page, in both of its languages.
export const texts = {
  pt: {
    what: "Seus vídeos, só seus: enviados direto, convertidos e guardados com segurança.",
    session: "Sessão",
    videos: "Vídeos",
    stage: "Ambiente:",
    asking: "Perguntando ao servidor…",
    signedOut: "Você não entrou. O servidor responde e só mostra vídeos a quem entrou.",
    signedIn: "Você entrou.",
    noVideos: "Nenhum vídeo ainda.",
    unreachable: "O servidor não respondeu. Verifique a conexão e recarregue a página.",
  },
  en: {
    what: "Your videos, yours alone: sent straight to storage, converted and kept safe.",
    session: "Session",
    videos: "Videos",
    stage: "Stage:",
    asking: "Asking the server…",
    signedOut: "You are signed out. The server answers, and shows videos only to people who signed in.",
    signedIn: "You are signed in.",
    noVideos: "No videos yet.",
    unreachable: "The server did not answer. Check the connection and reload the page.",
  },
};
